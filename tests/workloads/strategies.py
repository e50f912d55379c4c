"""Workloads as fleet files may write them, drawn by the annotations of their specs (Hypothesis)."""

import re
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin

from annotated_types import Ge, Le
from hypothesis import reject
from hypothesis import strategies as st
from pydantic import ValidationError
from pydantic.fields import FieldInfo
from tests.structure.test_grammars import EXAMPLES

from edgefleet.model.plain_data import Undeclared
from edgefleet.model.spec import Written, adapter
from edgefleet.model.syntax import Grammar
from edgefleet.model.type_introspection import defaults_of, fields_of, is_record, shape_of
from edgefleet.workloads import KINDS
from edgefleet.workloads.base.kind import Kind, Object, Place
from edgefleet.workloads.base.spec import Workload
from edgefleet.workloads.base.values import SITE_VALUES, filled

LEFT_OUT = {"where", "residency", "needs", "patches"}
"""Fields that place a workload, or depend on others."""
MANY = 3
"""Most items of a list or a map."""
LARGEST = 2**31 - 1


@st.composite
def objects_of_any(draw: st.DrawFn, kind: str) -> list[Object]:
    """The objects of a workload of this kind that `validate` accepts, and of its part at the hub."""
    of_kind = KINDS[kind]
    fields = filled(draw(written(of_kind.spec)), dict.fromkeys(SITE_VALUES, "berlin"))
    spec = _accepted(of_kind, {**fields, "where": {"capabilities": ["gpu"]}})
    at_site = of_kind.objects(spec, Place(name="shop"))
    return [*at_site, *of_kind.cloud(spec, Place(name="shop", side="hub"))]


def _accepted(kind: Kind[Any], fields: dict[str, Any]) -> Workload:
    """The workload without the fields that contradict others."""
    try:
        spec: Workload = adapter(kind.spec).validate_python(fields)
    except ValidationError:
        reject()
    wrong = {problem.path.partition(".")[0].partition("[")[0] for problem in kind.check(spec)} & fields.keys()
    if wrong:
        return _accepted(kind, {name: value for name, value in fields.items() if name not in wrong})
    return spec if not [*kind.check(spec)] else reject()


def written(spec: Any) -> st.SearchStrategy[dict[str, Any]]:
    """A workload's or another record's fields, the optional ones or not."""
    fields = {name: hint for name, hint in fields_of(spec).items() if name not in LEFT_OUT}
    required = {
        name
        for name, hint in fields.items()
        if name not in defaults_of(spec) or any(isinstance(note, Written) for note in shape_of(hint).notes)
    }
    values = {name: _value(hint) for name, hint in fields.items()}
    return st.fixed_dictionaries(
        {name: values[name] for name in sorted(required)},
        optional={name: values[name] for name in sorted(values.keys() - required)},
    )


def _value(annotation: Any) -> st.SearchStrategy[Any]:
    bare, notes = shape_of(annotation)
    origin = get_origin(bare)
    if any(isinstance(note, Undeclared) for note in notes):
        return st.fixed_dictionaries({})
    if origin in {Union, UnionType}:
        return st.one_of(*map(_value, get_args(bare)))
    if origin is Literal:
        return st.sampled_from(get_args(bare))
    if origin is dict:
        key, value = get_args(bare)
        return st.dictionaries(_value(key), _value(value), max_size=MANY)
    if origin in {tuple, list}:
        return st.lists(_value(get_args(bare)[0]), max_size=MANY)
    return written(bare) if is_record(bare) else _scalar(bare, notes)


def _scalar(bare: Any, notes: tuple[Any, ...]) -> st.SearchStrategy[Any]:
    if bare is bool:
        return st.booleans()
    if bare is int:
        bounds = [
            bound for note in notes for bound in (note.metadata if isinstance(note, FieldInfo) else [note])
        ]
        least = max((int(str(bound.ge)) for bound in bounds if isinstance(bound, Ge)), default=1)
        most = min((int(str(bound.le)) for bound in bounds if isinstance(bound, Le)), default=LARGEST)
        return st.one_of(st.integers(least, most), st.sampled_from([least, most]))
    (grammar,) = (note for note in notes if isinstance(note, Grammar))
    if grammar.what in EXAMPLES:
        return st.sampled_from(EXAMPLES[grammar.what])
    return st.from_regex(re.compile(grammar.pattern, re.ASCII), fullmatch=True).filter(grammar.accepts)
