"""A stand-in for AWS Budgets in memory, as moto lacks updates, subscribers and tags.

It counts no costs. Shapes and errors: Budgets API reference.
"""

from botocore import xform_name

from edgefleet.emulator.requests import Answer, Call, Fake, Refusal
from edgefleet.io.tagging import as_dict, as_list

TARGET = "AWSBudgetServiceGateway."


class FakeBudgets(Fake):
    """Budgets with notifications, subscribers and tags."""

    def reset(self) -> None:
        """No budget."""
        self._budgets: dict[str, Answer] = {}
        """dict[name -> budget]."""
        self._notices: dict[str, list[tuple[Answer, list[Answer]]]] = {}
        """dict[name -> (notification, subscribers)]."""
        self._tags: dict[str, dict[str, str]] = {}
        """dict[ARN -> tags]."""

    def answer(self, call: Call) -> Answer | None:
        """Answer calls of Budgets."""
        if not call.target.startswith(TARGET):
            return None
        answer: Answer | None = getattr(self, "_" + xform_name(call.target.removeprefix(TARGET)))(call.json)
        return answer or {}

    def _create_budget(self, request: Answer) -> None:
        name = request["Budget"]["BudgetName"]
        if name in self._budgets:
            raise Refusal("DuplicateRecordException")
        self._budgets[name] = request["Budget"]
        self._notices[name] = [
            (each["Notification"], each["Subscribers"])
            for each in request.get("NotificationsWithSubscribers") or ()
        ]
        arn = f"arn:aws:budgets::{request['AccountId']}:budget/{name}"
        self._tags[arn] = as_dict(request.get("ResourceTags"))

    def _describe_budget(self, request: Answer) -> Answer:
        return {"Budget": self._budget(request["BudgetName"])}

    def _describe_budgets(self, request: Answer) -> Answer:
        del request
        return {"Budgets": list(self._budgets.values())}

    def _update_budget(self, request: Answer) -> None:
        name = request["NewBudget"]["BudgetName"]
        self._budget(name)
        self._budgets[name] = request["NewBudget"]

    def _delete_budget(self, request: Answer) -> None:
        name = request["BudgetName"]
        self._budget(name)
        del self._budgets[name], self._notices[name]
        self._tags.pop(f"arn:aws:budgets::{request['AccountId']}:budget/{name}", None)

    def _describe_notifications_for_budget(self, request: Answer) -> Answer:
        self._budget(request["BudgetName"])
        notices = self._notices[request["BudgetName"]]
        return {"Notifications": [{**notice, "NotificationState": "OK"} for notice, _ in notices]}

    def _create_notification(self, request: Answer) -> None:
        self._budget(request["BudgetName"])
        self._notices[request["BudgetName"]].append((request["Notification"], request["Subscribers"]))

    def _delete_notification(self, request: Answer) -> None:
        self._notices[request["BudgetName"]].remove(self._notice(request))

    def _describe_subscribers_for_notification(self, request: Answer) -> Answer:
        return {"Subscribers": self._notice(request)[1]}

    def _create_subscriber(self, request: Answer) -> None:
        self._notice(request)[1].append(request["Subscriber"])

    def _delete_subscriber(self, request: Answer) -> None:
        self._notice(request)[1].remove(request["Subscriber"])

    def _list_tags_for_resource(self, request: Answer) -> Answer:
        return {"ResourceTags": as_list(self._tags.get(request["ResourceARN"], {}))}

    def _tag_resource(self, request: Answer) -> None:
        self._tags[request["ResourceARN"]] |= as_dict(request["ResourceTags"])

    def _untag_resource(self, request: Answer) -> None:
        for key in request["ResourceTagKeys"]:
            self._tags[request["ResourceARN"]].pop(key, None)

    def _budget(self, name: str) -> Answer:
        if name not in self._budgets:
            raise Refusal("NotFoundException")
        return self._budgets[name]

    def _notice(self, request: Answer) -> tuple[Answer, list[Answer]]:
        self._budget(request["BudgetName"])
        for notice in self._notices[request["BudgetName"]]:
            if notice[0] == request["Notification"]:
                return notice
        raise Refusal("NotFoundException")
