"""Sorts support tickets: from a CSV file to answers.

python docs/examples/first_classifier.py
"""

from pathlib import Path

from tasklab import Trainer

TICKETS = Path(__file__).parent / "tickets.csv"

trainer = Trainer(
    model="txtcls_minilm_l6",
    train_dataset=TICKETS,
    eval_dataset=0.2,  # a fifth of the rows is held out
    args={"data.text_a": "message", "data.label": "queue"},
)
summary = trainer.train()
print(trainer.evaluate())
for answer in trainer.predict(["I was charged twice this month", "The parcel never came"]):
    print(answer["label"], answer["score"])
print(f"the model is the folder {summary['output_dir']}")
