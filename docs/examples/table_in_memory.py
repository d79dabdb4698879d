"""The same from a DataFrame, which a database or a notebook has in hand, and a DataFrame with the answers back.

python docs/examples/table_in_memory.py
"""

from pathlib import Path

import pandas as pd

from tasklab import Trainer

tickets = pd.read_csv(Path(__file__).parent / "tickets.csv").rename(columns={"message": "text", "queue": "label"})
train, dev = tickets.iloc[:240], tickets.iloc[240:]

trainer = Trainer(model="txtcls_minilm_l6", train_dataset=train, eval_dataset=dev)
trainer.train()
answers = trainer.predict(input_data=dev.drop(columns="label"), as_frame=True)
print(answers.head())
