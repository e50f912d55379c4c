"""A component sets an option: it reaches the children at any depth, or none, or a child sets it otherwise.

Each case is the option of the outermost component, and that of the children that differ. The values
change once in place and once by a replacement; then everything is destroyed.
"""

PROGRAM = """
one, two = Cloud("one", {"profile": "one"}), Cloud("two", {"profile": "two"})
base, other = Thing("base", {"slot": SLOT}), Thing("other", {"value": 1})

def opts(text, **more):
    return Opts.merge(eval(f"Opts({text})"), Opts(**more))

outer = Group("outer", opts(OPTION))
inner = Group("inner", Opts(parent=outer))
inherits = Thing("inherits", {"value": VALUE, "pin": PIN}, Opts(parent=inner))
Thing("below", {"value": VALUE}, Opts(parent=inherits))
Thing("differs", {"value": VALUE, "pin": PIN}, opts(OTHERWISE, parent=inner))
within = Group("within", opts(OTHERWISE, parent=inner))
Thing("follows", {"value": VALUE}, Opts(parent=within))
"""


def case(option: str, otherwise: str = "", **variables: object) -> dict[str, object]:
    return {"OPTION": option, "OTHERWISE": otherwise, **variables}


CASES: dict[str, dict[str, object]] = {
    "additional-secret-outputs": case(
        "additional_secret_outputs=['serial']", "additional_secret_outputs=['value']"
    ),
    "custom-timeouts": case(
        "custom_timeouts=pulumi.CustomTimeouts(create='5m')",
        "custom_timeouts=pulumi.CustomTimeouts(create='10m')",
    ),
    "delete-before-replace": case("delete_before_replace=True", "delete_before_replace=False"),
    "deleted-with": case("deleted_with=base", "deleted_with=other"),
    "depends-on": case("depends_on=[base]", "depends_on=[other]"),
    "hide-diffs": case("hide_diffs=['value']", "hide_diffs=['pin[0].deep']"),
    "ignore-changes": case("ignore_changes=['value']", "ignore_changes=['pin']"),
    "import": case("import_='x'"),
    "protect": case("protect=True", "protect=False", PIN=1, SLOT=1),
    "provider": case("provider=one", "provider=two"),
    "providers": case("providers=[one]", "providers={'example': two}"),
    "replace-on-changes": case("replace_on_changes=['value']", "replace_on_changes=['pin']"),
    "retain-on-delete": case("retain_on_delete=True", "retain_on_delete=False"),
    "transformations": case(
        "transformations=[lambda args: pulumi.ResourceTransformationResult(args.props, "
        "Opts.merge(args.opts, Opts(ignore_changes=['value'])))]"
    ),
}
RUNS: list[tuple[str, dict[str, object]]] = [
    ("up", {"VALUE": 1, "PIN": 1, "SLOT": 1}),
    ("up", {"VALUE": 2, "PIN": 1, "SLOT": 1}),
    ("up", {"VALUE": 2, "PIN": 2, "SLOT": 1}),
    ("up", {"VALUE": 2, "PIN": 2, "SLOT": 2}),
    ("destroy", {}),
]
LENGTH: dict[str, int] = {"protect": 4}
"""Case -> its number of runs, where that is not all of them: a destroy would fail at some resource first."""
