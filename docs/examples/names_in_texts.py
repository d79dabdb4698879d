"""Marks persons, places and organisations, from 80 sentences as doccano exports them.

python docs/examples/names_in_texts.py
"""

from pathlib import Path

from tasklab import Trainer

NOTES = Path(__file__).parent / "notes.jsonl"

trainer = Trainer(model="tokcls_minilm_l6", train_dataset=NOTES, eval_dataset=0.2)
trainer.train()
print(trainer.evaluate())
for name in trainer.predict("Wolfgang Amade joined Rosebank Records in Salzburg.")[0]:
    print(name["entity_group"], name["word"], name["start"], name["end"])
