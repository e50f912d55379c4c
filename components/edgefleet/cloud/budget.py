"""`edgefleet:aws:Budget`: notifies people when a month's cost exceeds its limit."""

from collections.abc import Iterable, Mapping
from operator import attrgetter
from typing import Annotated, Any

from pydantic import Field

from edgefleet.cloud.base import ArnOutputs, Described, Labelled, NamedResource, Table
from edgefleet.cloud.base.constraints import Api, BudgetName, CostTag
from edgefleet.cloud.base.quotas import at_most
from edgefleet.io.environment import Environment
from edgefleet.io.tagging import BUDGETS
from edgefleet.model.hub import Email
from edgefleet.model.spec import Unordered, spec


@spec
class BudgetNotice:
    """Threshold of a notification."""

    percent: Annotated[float, Field(gt=0, le=1_000_000)]
    """Percent of the limit."""
    forecast: bool = False
    """Whether the month's forecast counts in place of what was used."""


@spec
class BudgetSpec(Labelled):
    """A limit of a month's cost (Budgets API, CreateBudget)."""

    name: BudgetName
    """Name, unique in the account."""
    monthly: Annotated[float, Field(ge=1)]
    """US dollars a month."""
    notify: Annotated[tuple[Email, ...], Unordered(), Field(min_length=1), at_most("addresses of a notice")]
    """E-mail addresses of recipients; ten at most."""
    notices: Annotated[
        tuple[BudgetNotice, ...], Unordered(), Api("budgets.CreateBudget.NotificationsWithSubscribers")
    ] = (
        BudgetNotice(percent=80.0),
        BudgetNotice(percent=100.0, forecast=True),
    )
    """When they are notified."""
    cost_tag: CostTag | None = None
    """Only what has this tag counts, ``key$value``; it has to be activated for cost allocation."""


class Budget(NamedResource, spec=BudgetSpec, outputs=ArnOutputs):
    """The kind."""

    REPLACE_ON = frozenset({"name"})
    CLAIMS = ("name",)
    TAGGING = BUDGETS
    EXISTS = frozenset({"DuplicateRecordException"})
    TABLE = Table(
        create="create_budget", delete="delete_budget", key="BudgetName", tagged="arn", outputs={"arn": "arn"}
    )

    def request(self, spec: BudgetSpec, environment: Environment) -> dict[str, Any]:
        """Its limit and notices."""
        subscribers = [_subscriber(address) for address in sorted(spec.notify)]
        notices = [
            {"Notification": _notification(notice), "Subscribers": subscribers} for notice in spec.notices
        ]
        about = {"Budget": _budget(spec), "NotificationsWithSubscribers": notices}
        return {"AccountId": environment.aws.account, **about}

    def named(self, current: Described) -> dict[str, Any]:
        """By account and name."""
        return {name: current[name] for name in ("AccountId", "BudgetName")}

    def describe(self, identity: str, environment: Environment) -> dict[str, Any] | None:
        """By name, with its account and notices."""
        aws, place = environment.aws, self.place(environment, identity)
        about = {"AccountId": aws.account, "BudgetName": identity}
        current = aws.seek("budgets", "describe_budget", place, **about)
        if current is None:
            return None
        notifications = aws.seek("budgets", "describe_notifications_for_budget", place, **about) or {}
        arn = aws.arn("budgets", f"budget/{identity}", region="")
        notices = notifications.get("Notifications") or []
        return {**current["Budget"], **about, "arn": arn, "notices": notices}

    def settle(self, current: Described, spec: BudgetSpec, environment: Environment) -> Described:
        """Set its limit and notices; only differences are sent."""
        if (_limit(current), _tag(current)) != (spec.monthly, spec.cost_tag):
            account = {"AccountId": environment.aws.account, "NewBudget": _budget(spec)}
            environment.aws.call("budgets", "update_budget", self.place(environment, spec.name), **account)
        live = {_notice(notification): _bare(notification) for notification in current["notices"]}
        for notice in sorted(set(live) - set(spec.notices), key=repr):
            self.seek(current, environment, "delete_notification", Notification=live[notice])
        for notice in spec.notices:
            if notice in live:
                self._subscribe(current, live[notice], spec.notify, environment)
                continue
            about = {
                "Notification": _notification(notice),
                "Subscribers": [_subscriber(address) for address in sorted(spec.notify)],
            }
            self.call(current, environment, "create_notification", **about)
        return current

    def inputs(self, current: Described, environment: Environment) -> dict[str, Any]:
        """Its limit and notices."""
        notices = sorted(map(_notice, current["notices"]), key=attrgetter("percent", "forecast"))
        subscribers = [self._subscribers(current, _bare(one), environment) for one in current["notices"]]
        return {
            "name": current["BudgetName"],
            "monthly": _limit(current),
            "notices": [{"percent": notice.percent, "forecast": notice.forecast} for notice in notices],
            "notify": sorted({address for addresses in subscribers for address in addresses}),
            "costTag": _tag(current),
        }

    def _subscribers(
        self, current: Described, notification: Mapping[str, Any], environment: Environment
    ) -> set[str]:
        method = "describe_subscribers_for_notification"
        answer = self.seek(current, environment, method, Notification=notification)
        return {item["Address"] for item in answer.get("Subscribers") or ()}

    def _subscribe(
        self,
        current: Described,
        notification: Mapping[str, Any],
        addresses: Iterable[str],
        environment: Environment,
    ) -> None:
        live, declared = self._subscribers(current, notification, environment), set(addresses)
        for action, differing in ((self.call, declared - live), (self.seek, live - declared)):
            method = "create_subscriber" if action == self.call else "delete_subscriber"
            for address in sorted(differing):
                about = {"Notification": notification, "Subscriber": _subscriber(address)}
                action(current, environment, method, **about)


def _budget(spec: BudgetSpec) -> dict[str, Any]:
    budget: dict[str, Any] = {
        "BudgetName": spec.name,
        "BudgetLimit": {"Amount": str(spec.monthly), "Unit": "USD"},
        "TimeUnit": "MONTHLY",
        "BudgetType": "COST",
    }
    return {**budget, "CostFilters": {"TagKeyValue": [f"user:{spec.cost_tag}"]}} if spec.cost_tag else budget


def _notification(notice: BudgetNotice) -> dict[str, Any]:
    return {
        "NotificationType": "FORECASTED" if notice.forecast else "ACTUAL",
        "ComparisonOperator": "GREATER_THAN",
        "Threshold": notice.percent,
        "ThresholdType": "PERCENTAGE",
    }


def _notice(notification: Mapping[str, Any]) -> BudgetNotice:
    kind = notification["NotificationType"]
    return BudgetNotice(percent=float(notification["Threshold"]), forecast=kind == "FORECASTED")


def _bare(notification: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in notification.items() if key != "NotificationState"}


def _subscriber(address: str) -> dict[str, str]:
    return {"SubscriptionType": "EMAIL", "Address": address}


def _limit(current: Mapping[str, Any]) -> float:
    return float(current["BudgetLimit"]["Amount"])


def _tag(current: Mapping[str, Any]) -> str | None:
    values = (current.get("CostFilters") or {}).get("TagKeyValue") or [None]
    return None if values[0] is None else str(values[0]).removeprefix("user:")
