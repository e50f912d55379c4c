"""A stand-in for AWS Budgets in memory, as moto has no updates, subscribers or tags of them.

It keeps what it is told and counts no costs. Shapes and errors: Budgets API reference.
"""

from collections.abc import Callable, Iterable
from typing import Any

from edgefleet.emulator.requests import (
    RESET,
    Application,
    Environment,
    Refusal,
    answer_json,
    read_call,
)

TARGET = "AWSBudgetServiceGateway."
Answer = dict[str, Any]


class FakeBudgets:
    """Budgets with notifications, subscribers and tags."""

    def __init__(self, app: Application) -> None:
        self._app = app
        self._budgets: dict[str, Answer] = {}
        """dict[name -> budget]."""
        self._notices: dict[str, list[tuple[Answer, list[Answer]]]] = {}
        """dict[name -> (notification, subscribers)]."""
        self._tags: dict[str, dict[str, str]] = {}
        """dict[ARN -> tags]."""

    def __call__(self, environment: Environment, start: Callable[..., Any]) -> Iterable[bytes]:
        """Answer calls of Budgets; pass the others on."""
        call = read_call(environment)
        if call.path == RESET:
            self.__init__(self._app)  # type: ignore[misc]  # as new
        if not call.target.startswith(TARGET):
            return self._app(environment, start)
        try:
            answer = getattr(self, "_" + _snake(call.target.removeprefix(TARGET)))(call.json)
        except Refusal as refused:
            code = str(refused)
            return answer_json(start, "400 Bad Request", {"__type": code, "Message": code}, error=code)
        return answer_json(start, "200 OK", answer or {})

    def _create_budget(self, asked: Answer) -> None:
        name = asked["Budget"]["BudgetName"]
        if name in self._budgets:
            raise Refusal("DuplicateRecordException")
        self._budgets[name] = asked["Budget"]
        self._notices[name] = [
            (each["Notification"], each["Subscribers"])
            for each in asked.get("NotificationsWithSubscribers") or ()
        ]
        tags = {each["Key"]: each["Value"] for each in asked.get("ResourceTags") or ()}
        self._tags[f"arn:aws:budgets::{asked['AccountId']}:budget/{name}"] = tags

    def _describe_budget(self, asked: Answer) -> Answer:
        return {"Budget": self._budget(asked["BudgetName"])}

    def _describe_budgets(self, asked: Answer) -> Answer:
        del asked
        return {"Budgets": list(self._budgets.values())}

    def _update_budget(self, asked: Answer) -> None:
        name = asked["NewBudget"]["BudgetName"]
        self._budget(name)
        self._budgets[name] = asked["NewBudget"]

    def _delete_budget(self, asked: Answer) -> None:
        name = asked["BudgetName"]
        self._budget(name)
        del self._budgets[name], self._notices[name]
        self._tags.pop(f"arn:aws:budgets::{asked['AccountId']}:budget/{name}", None)

    def _describe_notifications_for_budget(self, asked: Answer) -> Answer:
        self._budget(asked["BudgetName"])
        notices = self._notices[asked["BudgetName"]]
        return {"Notifications": [{**notice, "NotificationState": "OK"} for notice, _ in notices]}

    def _create_notification(self, asked: Answer) -> None:
        self._budget(asked["BudgetName"])
        self._notices[asked["BudgetName"]].append((asked["Notification"], asked["Subscribers"]))

    def _delete_notification(self, asked: Answer) -> None:
        self._notices[asked["BudgetName"]].remove(self._notice(asked))

    def _describe_subscribers_for_notification(self, asked: Answer) -> Answer:
        return {"Subscribers": self._notice(asked)[1]}

    def _create_subscriber(self, asked: Answer) -> None:
        self._notice(asked)[1].append(asked["Subscriber"])

    def _delete_subscriber(self, asked: Answer) -> None:
        self._notice(asked)[1].remove(asked["Subscriber"])

    def _list_tags_for_resource(self, asked: Answer) -> Answer:
        tags = self._tags.get(asked["ResourceARN"], {})
        return {"ResourceTags": [{"Key": key, "Value": value} for key, value in tags.items()]}

    def _tag_resource(self, asked: Answer) -> None:
        tags = self._tags[asked["ResourceARN"]]
        tags.update({each["Key"]: each["Value"] for each in asked["ResourceTags"]})

    def _untag_resource(self, asked: Answer) -> None:
        for key in asked["ResourceTagKeys"]:
            self._tags[asked["ResourceARN"]].pop(key, None)

    def _budget(self, name: str) -> Answer:
        if name not in self._budgets:
            raise Refusal("NotFoundException")
        return self._budgets[name]

    def _notice(self, asked: Answer) -> tuple[Answer, list[Answer]]:
        self._budget(asked["BudgetName"])
        for each in self._notices[asked["BudgetName"]]:
            if each[0] == asked["Notification"]:
                return each
        raise Refusal("NotFoundException")


def _snake(operation: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in operation).lstrip("_")
