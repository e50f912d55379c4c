"""`Budget` (`edgefleet:aws:Budget`), written by `make schema`, not by hand."""

from collections.abc import Mapping, Sequence
from typing import NotRequired, TypedDict

import pulumi


class BudgetNotice(TypedDict):
    """When somebody is told."""

    percent: pulumi.Input[float]
    """Percent of the limit."""
    forecast: NotRequired[pulumi.Input[bool] | None]
    """Whether the month's forecast counts in place of what was used."""


class BudgetArgs(TypedDict):
    """Inputs of a Budget."""

    tags: NotRequired[pulumi.Input[Mapping[str, pulumi.Input[str]]] | None]
    """Tags beside the ones that say whose it is."""
    name: pulumi.Input[str]
    """Name, unique in the account."""
    monthly: pulumi.Input[float]
    """US dollars a month."""
    notify: pulumi.Input[Sequence[pulumi.Input[str]]]
    """E-mail addresses of those who are told; ten at most."""
    notices: NotRequired[pulumi.Input[Sequence[pulumi.Input[BudgetNotice]]] | None]
    """When they are told."""
    costTag: NotRequired[pulumi.Input[str] | None]
    """Only what has this tag counts, ``key$value``; it has to be activated for cost allocation."""


class Budget(pulumi.CustomResource):
    """A limit of a month's cost (Budgets API, CreateBudget)."""

    arn: pulumi.Output[str]
    """Amazon Resource Name."""

    def __init__(self, name: str, args: BudgetArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("edgefleet:aws:Budget", name, {"arn": None, **args}, opts)
