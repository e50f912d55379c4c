"""Menus of boot loaders, and the answers for Debian's installer."""

import re

from edgefleet.model.writers.written import LINE, Syntax

GRUB = Syntax("GRUB's menu", "*/grub.cfg")
ISOLINUX = Syntax("isolinux's menu", "*/isolinux.cfg")
PRESEED = Syntax("a preseed file", "*/preseed.cfg")
WORD = rf"(?!.*\s)(?=.){LINE}"


@GRUB.writer
def word(text: str) -> str:
    """A word of the kernel's command line (GRUB manual, Shell-like scripting, Quoting)."""
    GRUB.check(text, WORD)
    return (
        text
        if re.fullmatch("[A-Za-z0-9/._:@+=,-]+", text)
        else '"' + re.sub(r'["\\$]', r"\\\g<0>", text) + '"'
    )


words = GRUB.words(word, "words")


@GRUB.writer
def title(text: str) -> str:
    """The title of an entry, in single quotes, which have no escapes."""
    return "'" + GRUB.check(text, f"(?!.*'){LINE}") + "'"


@ISOLINUX.writer
def appended(text: str) -> str:
    """A word of the kernel's command line; isolinux has no quotes (syslinux.doc)."""
    return ISOLINUX.check(text, WORD)


all_appended = ISOLINUX.words(appended, "all_appended")


@ISOLINUX.writer
def line(text: str) -> str:
    """The rest of a line of text."""
    return ISOLINUX.check(text, LINE)


@PRESEED.writer
def answer(text: str) -> str:
    """The value of an answer (debconf-set-selections(1))."""
    return PRESEED.check(text, rf"(?!\s){LINE}(?<!\s)(?<!\\)")
