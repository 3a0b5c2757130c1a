"""Trainer: where it reports to."""

from __future__ import annotations

from .declaration import Argument, Declaration, Effect

DECLARATIONS = (
    Declaration(
        "transformers",
        Effect.DEFAULT,
        ("transformers.training_args.TrainingArguments",),
        releases=">=5",
        parameter="report_to",
        when=(Argument("report_to", passed=False),),
        says="nothing is logged to wandb, tensorboard and others any more",
        because='`report_to` was None, which meant every integration that is installed, and is "none" from 5.0.0 on',
        fix='report_to="all"',
        witness="import dataclasses\n\n"
        "from transformers import TrainingArguments\n\n"
        "fields = {field.name: field for field in dataclasses.fields(TrainingArguments)}\n"
        "assert fields['report_to'].default is None\n",
        everywhere=True,
    ),
)
