"""`edgefleet:aws:Budget`: notifies people when a month's cost exceeds its limit."""

from collections.abc import Iterable, Mapping
from operator import attrgetter
from typing import Annotated, Any

from edgefleet.cloud.base import ArnOutputs, Described, Labelled, NamedResource, Table
from edgefleet.errors import Problem
from edgefleet.io.environment import Environment
from edgefleet.io.tagging import BUDGETS
from edgefleet.model.spec import Unordered, spec


@spec
class BudgetNotice:
    """Threshold of a notification."""

    percent: float
    """Percent of the limit."""
    forecast: bool = False
    """Whether the month's forecast counts in place of what was used."""


@spec
class BudgetSpec(Labelled):
    """A limit of a month's cost (Budgets API, CreateBudget)."""

    name: str
    """Name, unique in the account."""
    monthly: float
    """US dollars a month."""
    notify: Annotated[tuple[str, ...], Unordered()]
    """E-mail addresses of recipients; ten at most."""
    notices: Annotated[tuple[BudgetNotice, ...], Unordered()] = (
        BudgetNotice(percent=80.0),
        BudgetNotice(percent=100.0, forecast=True),
    )
    """When they are notified."""
    cost_tag: str | None = None
    """Only what has this tag counts, ``key$value``; it has to be activated for cost allocation."""


class Budget(NamedResource, spec=BudgetSpec, outputs=ArnOutputs):
    """The kind."""

    REPLACE_ON = frozenset({"name"})
    CLAIMS = ("name",)
    TAGGING = BUDGETS
    EXISTS = frozenset({"DuplicateRecordException"})
    TABLE = Table(create="create_budget", delete="delete_budget", key="BudgetName", outputs={"arn": "arn"})

    def inspect(self, spec: BudgetSpec) -> Iterable[Problem]:
        """Numbers that cannot be."""
        yield from super().inspect(spec)
        if spec.monthly <= 0:
            yield Problem(code="range", path="monthly", problem="is nothing", hint="write dollars above 0")
        most = 10
        if not 0 < len(spec.notify) <= most:
            problem, hint = f"has {len(spec.notify)} addresses", f"name 1 to {most}"
            yield Problem(code="range", path="notify", problem=problem, hint=hint)

    def request(self, spec: BudgetSpec, environment: Environment) -> dict[str, Any]:
        """Its limit and notices."""
        subscribers = [_subscriber(address) for address in sorted(spec.notify)]
        notices = [
            {"Notification": _notification(notice), "Subscribers": subscribers} for notice in spec.notices
        ]
        return {
            "AccountId": environment.aws.account,
            "Budget": _budget(spec),
            "NotificationsWithSubscribers": notices,
        }

    def tagged_by(self, current: Described) -> str:
        """Its ARN."""
        return str(current["arn"])

    def describe(self, identity: str, environment: Environment) -> dict[str, Any] | None:
        """By name, with its notices."""
        aws, place = environment.aws, self.place(environment, identity)
        about = {"AccountId": aws.account, "BudgetName": identity}
        current = aws.seek("budgets", "describe_budget", place, **about)
        if current is None:
            return None
        notifications = aws.seek("budgets", "describe_notifications_for_budget", place, **about) or {}
        arn = aws.arn("budgets", f"budget/{identity}", region="")
        return {**current["Budget"], "arn": arn, "notices": notifications.get("Notifications") or []}

    def settle(self, current: Described, spec: BudgetSpec, environment: Environment) -> Described:
        """Set its limit and notices; only differences are sent."""
        aws, place = environment.aws, self.place(environment, spec.name)
        about = {"AccountId": aws.account, "BudgetName": spec.name}
        if (_limit(current), _tag(current)) != (spec.monthly, spec.cost_tag):
            aws.call("budgets", "update_budget", place, AccountId=aws.account, NewBudget=_budget(spec))
        live = {_notice(notification): notification for notification in current["notices"]}
        for notice in sorted(set(live) - set(spec.notices), key=repr):
            aws.seek("budgets", "delete_notification", place, **about, Notification=_bare(live[notice]))
        for notice in spec.notices:
            if notice not in live:
                aws.call(
                    "budgets",
                    "create_notification",
                    place,
                    **about,
                    Notification=_notification(notice),
                    Subscribers=[_subscriber(address) for address in sorted(spec.notify)],
                )
            elif set(self._subscribers(live[notice], spec.name, environment)) != set(spec.notify):
                self._subscribe(live[notice], spec, environment)
        return current

    def inputs(self, current: Described, environment: Environment) -> dict[str, Any]:
        """Its limit and notices."""
        notices = sorted(map(_notice, current["notices"]), key=attrgetter("percent", "forecast"))
        name = current["BudgetName"]
        subscribers = [self._subscribers(notice, name, environment) for notice in current["notices"]]
        return {
            "name": name,
            "monthly": _limit(current),
            "notices": [{"percent": notice.percent, "forecast": notice.forecast} for notice in notices],
            "notify": sorted({address for addresses in subscribers for address in addresses}),
            "costTag": _tag(current),
        }

    def remove(self, current: Described, environment: Environment, place: str) -> None:
        """Remove it."""
        about = {"AccountId": environment.aws.account, "BudgetName": current["BudgetName"]}
        environment.aws.seek("budgets", "delete_budget", place, **about)

    def _subscribers(self, notification: Mapping[str, Any], name: str, environment: Environment) -> list[str]:
        aws, place = environment.aws, self.place(environment, name)
        about = {"AccountId": aws.account, "BudgetName": name, "Notification": _bare(notification)}
        answer = aws.seek("budgets", "describe_subscribers_for_notification", place, **about) or {}
        return sorted(item["Address"] for item in answer.get("Subscribers") or ())

    def _subscribe(self, notification: Mapping[str, Any], spec: BudgetSpec, environment: Environment) -> None:
        aws, place = environment.aws, self.place(environment, spec.name)
        bare = _bare(notification)
        about = {"AccountId": aws.account, "BudgetName": spec.name, "Notification": bare}
        live = set(self._subscribers(notification, spec.name, environment))
        for address in sorted(set(spec.notify) - live):
            aws.call("budgets", "create_subscriber", place, **about, Subscriber=_subscriber(address))
        for address in sorted(live - set(spec.notify)):
            aws.seek("budgets", "delete_subscriber", place, **about, Subscriber=_subscriber(address))


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
