"""Sizes as Kubernetes quantities (``512Mi``), rates in bits (``20Mbit``), times in days (``60d``)."""

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, WithJsonSchema

from edgefleet.model.syntax import Grammar, shown, wrong

BINARY = {unit: 1024**power for power, unit in enumerate(("", "Ki", "Mi", "Gi", "Ti", "Pi"))}
DECIMAL = {unit: 1000**power for power, unit in enumerate(("", "k", "M", "G", "T", "P"))}
RATES = {unit + "bit": 1000**power for power, unit in enumerate(("", "k", "M", "G"))}
MOST_DAYS = 9999 * 7
MOST_CPU = 1024 * 1000
LARGEST = 2**53
"""Beyond this a number is not exact in JSON, and so not in Pulumi's state."""

_NUMBER = re.compile(r"(\d+(?:\.\d+)?)([A-Za-z]*)")


_UNITS: dict[str, Decimal] = {
    **{unit: Decimal(factor) for unit, factor in (BINARY | DECIMAL).items()},
    "E": Decimal(1000**6),
    "Ei": Decimal(1024**6),
    **{unit: Decimal(1).scaleb(-3 * power) for power, unit in enumerate("mun", start=1)},
}
_NUMBER_OF_AMOUNT = r"(?P<number>\d+(\.\d*)?([eE][+-]?\d{1,2})?)"
_AMOUNT = re.compile(f"{_NUMBER_OF_AMOUNT}(?P<unit>{'|'.join(filter(None, _UNITS))})?")


def _scaled(text: str, units: dict[str, int]) -> int | None:
    match = _NUMBER.fullmatch(text.strip())
    factor = units.get(match[2]) if match else None
    if match is None or factor is None:
        return None
    value = Decimal(match[1]) * factor
    return int(value) if value == int(value) and value <= LARGEST else None


def parse_size(value: Any) -> int:
    """Bytes of a Kubernetes quantity: ``8Gi``, ``64G``, ``1048576``. Raises `wrong` for others."""
    size = _scaled(str(value), BINARY | DECIMAL)
    if not size:
        text = str(value)
        guess = re.sub(r"\s*([KMGTP])i?[bB]?$", r"\1i", text, flags=re.IGNORECASE)
        guess = guess[:-2] + guess[-2:].capitalize()
        good = guess if guess != text and _scaled(guess, BINARY) else "8Gi"
        raise wrong(
            "bad-size", f"{shown(value)} is not a size", f"write a Kubernetes quantity such as {good}"
        )
    return size


def parse_rate(value: Any) -> int:
    """Bits per second of a rate: ``20Mbit``, ``1.5Gbit``, ``9600bit``, ``64000``; `wrong` for others."""
    rate = _scaled(str(value), RATES | {"": 1})
    if not rate:
        found = re.match(r"(\d+(?:\.\d+)?)\s*([kKmMgG])", str(value))
        good = f"{found[1]}{found[2].upper().replace('K', 'k')}bit" if found else "20Mbit"
        raise wrong("bad-rate", f"{shown(value)} is not a rate", f"write bits per second such as {good}")
    return rate


def parse_days(value: Any) -> int:
    """Days of a time such as ``60d`` or ``8w``; a number is days already. Raises `wrong` for others."""
    if isinstance(value, int) and 0 < value <= MOST_DAYS:
        return value
    written = re.fullmatch(r"([1-9]\d{0,3})([dw])", str(value))
    if written is None:
        raise wrong("bad-days", f"{shown(value)} is not a number of days", "write it like 60d, or 8w")
    return int(written[1]) * (7 if written[2] == "w" else 1)


def parse_cpu(value: Any) -> int:
    """Thousandths of a core of a Kubernetes quantity: ``100m``, ``0.5``, ``2``. Raises `wrong` for others."""
    written = re.fullmatch(r"(\d+(?:\.\d{1,3})?)(m?)", str(value))
    cpu = Decimal(written[1]) * (1 if written[2] else 1000) if written else Decimal(0)
    if not 1 <= cpu <= MOST_CPU or cpu != int(cpu):
        problem = f"{shown(value)} is not an amount of processor time"
        raise wrong("bad-cpu", problem, "write cores, or thousandths of one: 100m, 0.5 or 2")
    return int(cpu)


def amount(quantity: Any) -> Decimal:
    """The number that any Kubernetes quantity stands for, ``250m`` or ``1e3``; 0 for what is none."""
    match = _AMOUNT.fullmatch(str(quantity).strip())
    if match is None:
        return Decimal(0)
    return Decimal(match["number"]) * (_UNITS[match["unit"]] if match["unit"] else 1)


def _kept(parse: Callable[[Any], int]) -> Callable[[str], str]:
    def check(text: str) -> str:
        parse(text)
        return text

    return check


def written_number(value: Any) -> Any:
    """A number as the text that a person wrote."""
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


def written_size(size: int) -> str:
    """`size` bytes as a Kubernetes quantity, in the largest binary unit that states it exactly."""
    unit = next(unit for unit in reversed(BINARY) if size % BINARY[unit] == 0)
    return f"{size // BINARY[unit]}{unit}"


SIZE = {"type": ["string", "integer"], "pattern": r"^\d+(\.\d+)?(Ki|Mi|Gi|Ti|Pi|k|M|G|T|P)?$", "minimum": 1}
_RATE = {"type": ["string", "integer"], "pattern": r"^\d+(\.\d+)?([kMG]?bit)?$", "minimum": 1}

Size = Annotated[int, BeforeValidator(parse_size), WithJsonSchema(SIZE | {"examples": ["8Gi"]}, "validation")]
"""Bytes, written as a Kubernetes quantity."""
_QUANTITY = Grammar(
    r"\d+(\.\d+)?(Ki|Mi|Gi|Ti|Pi|k|M|G|T|P)?",
    "bad-size",
    "a size",
    "write a Kubernetes quantity such as 128Mi",
    20,
    _kept(parse_size),
)
Quantity = Annotated[str, BeforeValidator(written_number), _QUANTITY]
"""Bytes as a Kubernetes quantity, kept as it is written; `parse_size` has the number."""
_CPU = Grammar(
    r"\d+(\.\d{1,3})?m?",
    "bad-cpu",
    "an amount of processor time",
    "write cores, or thousandths of one, such as 100m",
    20,
    _kept(parse_cpu),
)
Cpu = Annotated[str, BeforeValidator(written_number), _CPU]
"""Processor time as a Kubernetes quantity, kept as it is written; `parse_cpu` has the number."""
Rate = Annotated[
    int, BeforeValidator(parse_rate), WithJsonSchema(_RATE | {"examples": ["20Mbit"]}, "validation")
]
"""Bits/s, written ``20Mbit``."""
Days = Annotated[
    int,
    BeforeValidator(parse_days),
    WithJsonSchema({"type": "string", "pattern": "^[1-9][0-9]*[dw]$"}, "validation"),
]
"""Days, written ``60d``."""
KeyGeneration = Annotated[int, Field(ge=1, le=1000)]
"""A generation of derived keys; a revoked one costs a certificate for each generation up to it."""
