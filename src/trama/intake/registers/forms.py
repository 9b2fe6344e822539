"""What is asked of whoever brings a spreadsheet of records: the file, its columns, words that mean nothing here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from django import forms
from django.utils.text import slugify
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from trama.experiences.choices import ExperienceState
from trama.intake.context.desk import own_key
from trama.intake.registers.declared import REGISTERED
from trama.intake.registers.desk import Word
from trama.intake.registers.fields import Kind
from trama.intake.registers.mapping import Mapping
from trama.intake.registers.proposing import JOINING, Column
from trama.territory import finding
from trama.ui.numbers import number

NOTHING, REFUSE, LEAVE = "-", "-refuse-", "-nothing-"
# Several columns that fill one field: an address in three, two telephones.
ALSO_JOINING = JOINING | {Kind.TEXT, Kind.CODES, Kind.AREAS, Kind.PLACES}
MOST_AREAS = 1500


class SheetFileForm(forms.Form):
    """A spreadsheet of records."""

    use_required_attribute = False

    sent = forms.FileField(
        label=_("File"),
        help_text=_("XLSX, XLS, ODS or CSV: one record per row. Also an export of Trama, changed in a spreadsheet."),
    )
    register = forms.ChoiceField(label=_("What does it hold?"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kinds = [(key, one.title) for key, one in REGISTERED.items()]
        self.fields["register"].choices = [("", _("tell it from the columns")), *kinds]  # type: ignore[attr-defined]


class LookForm(forms.Form):
    """Another way to look at a file: as another register, another sheet, another row of headers."""

    use_required_attribute = False

    register = forms.ChoiceField(label=_("What does it hold?"))
    sheet = forms.ChoiceField(label=_("Which sheet?"), required=False)
    header_row = forms.IntegerField(label=_("In which row stand the names of the columns?"), min_value=1, max_value=100)

    def __init__(self, data: Any, mapping: Mapping) -> None:
        initial = {"register": mapping.register, "sheet": mapping.sheet, "header_row": mapping.header_row}
        super().__init__(data, initial=initial)
        self.fields["register"].choices = [(key, one.title) for key, one in REGISTERED.items()]  # type: ignore[attr-defined]
        if mapping.sheets:
            self.fields["sheet"].choices = [(name, name) for name in mapping.sheets]  # type: ignore[attr-defined]
        else:
            del self.fields["sheet"]


class RecordColumnsForm(forms.Form):
    """What each column means, and what becomes of empty cells, of corrections by hand, of areas that are not here."""

    use_required_attribute = False

    title = forms.CharField(
        label=_("Where does it come from?"),
        max_length=200,
        help_text=_(
            "The name of the list, like “Albo comunale delle associazioni”: each new record keeps it as its source."
        ),
    )
    publisher = forms.CharField(label=_("Who keeps it?"), max_length=200, required=False)
    unknown = forms.ChoiceField(
        label=_("Rows about areas that are not here"),
        choices=[
            ("refuse", _("refuse them, and say which")),
            ("skip", _("leave them out: the list speaks of other territories too")),
            ("without", _("load them without an area")),
        ],
        widget=forms.RadioSelect,
    )
    by_hand = forms.ChoiceField(
        label=_("What somebody corrected here by hand"),
        choices=[
            ("keep", _("stays as it is")),
            ("replace", _("is replaced by what the file says")),
        ],
        widget=forms.RadioSelect,
    )
    empty = forms.ChoiceField(
        label=_("Empty cells"),
        choices=[("leave", _("leave what is here")), ("clear", _("empty the field"))],
        widget=forms.RadioSelect,
    )

    def __init__(self, data: Any, mapping: Mapping) -> None:
        self.mapping = mapping
        initial = {name: getattr(mapping, name) for name in ("title", "publisher", "unknown", "by_hand", "empty")}
        super().__init__(data, initial=initial)
        names = [(one.key, f"{one.label} *" if one.required else str(one.label)) for one in mapping.registered.loaded()]
        choices = [(NOTHING, _now("nothing: it is left out")), *names]
        for position, column in enumerate(mapping.columns):
            self.fields[f"column_{position}"] = forms.ChoiceField(
                label=column.header, choices=choices, initial=column.key or NOTHING, help_text=_help(column)
            )
        for one in mapping.registered.required():
            if one.list:
                self.fields[f"fixed_{one.key}"] = forms.ChoiceField(
                    label=_now("%(field)s, for all rows that state none") % {"field": str(one.label)},
                    choices=[(NOTHING, _now("none: such rows are refused")), *one.choices()],
                    initial=mapping.fixed.get(one.key, NOTHING),
                )
        if mapping.register == "experiences":
            self.fields["fixed_state"] = forms.ChoiceField(
                label=_now("State of new experiences that state none"),
                choices=ExperienceState.choices,
                initial=mapping.fixed.get("state", ExperienceState.DRAFT),
                help_text=_now("Those that lack a summary, a start or an area stay drafts."),
            )

    def columns(self) -> Iterator[Any]:
        """The field of each column."""
        for position in range(len(self.mapping.columns)):
            yield self[f"column_{position}"]

    def fixed(self) -> Iterator[Any]:
        """What all rows have in common."""
        return (self[name] for name in self.fields if name.startswith("fixed_"))

    def clean(self) -> dict[str, Any]:
        """A field stands in one column, unless several can be joined; what is required is there."""
        data = super().clean() or {}
        taken: dict[str, int] = {}
        for position in range(len(self.mapping.columns)):
            key = _chosen(data, f"column_{position}")
            if not key:
                continue
            one = self.mapping.registered.by_key[key]
            if key in taken and one.kind not in ALSO_JOINING:
                words = {"field": str(one.label), "column": self.mapping.columns[taken[key]].header}
                text = _now("The column “%(column)s” is already “%(field)s”: choose which of the two.") % words
                self.add_error(f"column_{position}", text)
            taken.setdefault(key, position)
        for one in self.mapping.registered.required():
            if one.key not in taken and not _chosen(data, f"fixed_{one.key}"):
                text = _now("No column is “%(field)s”, without which no record can be: choose one.")
                self.add_error(None, text % {"field": str(one.label)})
        return data

    def filled(self) -> Mapping:
        """The mapping as it was corrected."""
        data, before = self.cleaned_data, self.mapping
        columns = [
            replace(column, key=key, why=column.why if key == column.key else _now("chosen by hand"))
            for column, key in (
                (column, _chosen(data, f"column_{position}")) for position, column in enumerate(before.columns)
            )
        ]
        said = {name.removeprefix("fixed_"): _chosen(data, name) for name in data if name.startswith("fixed_")}
        fixed = {name: value for name, value in said.items() if value}
        title = " ".join(data["title"].split())
        same = (title, data["publisher"]) == (before.title, before.publisher)
        key = before.key if same else own_key(slugify(title)[:80] or before.register, title, data["publisher"])
        return replace(
            before,
            columns=columns,
            fixed=fixed,
            title=title,
            publisher=data["publisher"],
            key=key,
            prefix=before.prefix if same else f"{before.register}-{key}"[:80],
            unknown=data["unknown"],
            by_hand=data["by_hand"],
            empty=data["empty"],
            values={name: texts for name, texts in before.values.items() if name in {column.key for column in columns}},
        )


def _help(column: Column) -> str:
    shown = " · ".join(column.samples) or _now("(empty)")
    words = {"examples": shown, "why": column.why, "share": column.filled}
    if not column.filled:
        return _now("no row holds anything")
    if column.key and column.why:
        return _now("for example: %(examples)s. Proposed because: %(why)s. Filled: %(share)s%%.") % words
    if column.why:
        return _now("for example: %(examples)s. Not proposed: %(why)s. Filled: %(share)s%%.") % words
    return _now("for example: %(examples)s. Filled: %(share)s%%.") % words


def _chosen(data: dict[str, Any], name: str) -> str:
    """What was chosen; empty for nothing."""
    found = data.get(name) or ""
    return "" if found == NOTHING else str(found)


class WordsForm(forms.Form):
    """What texts of the file mean that say nothing here: values of lists, names of areas."""

    use_required_attribute = False

    def __init__(self, data: Any, mapping: Mapping, words: Sequence[Word]) -> None:
        super().__init__(data)
        self.mapping, self.words = mapping, list(words)
        areas = _area_choices()
        for position, word in enumerate(self.words):
            known = word.field.choices() if word.field.list else areas
            said = mapping.values.get(word.field.key, {}).get(word.text)
            first = LEAVE if said == "" else said or word.near or REFUSE
            self.fields[f"word_{position}"] = forms.ChoiceField(
                label=f"{word.text[:80]} ({word.field.label})",
                choices=[
                    (REFUSE, _now("refuse the row, and say it")),
                    (LEAVE, _now("nothing: leave it empty")),
                    *known,
                ],
                initial=first,
                help_text=ngettext("in one row", "in %(count)s rows", word.count) % {"count": number(word.count)},
            )

    def filled(self) -> Mapping:
        """The mapping with what the words mean."""
        values = {name: dict(said) for name, said in self.mapping.values.items()}
        for position, word in enumerate(self.words):
            chosen = self.cleaned_data[f"word_{position}"]
            said = values.setdefault(word.field.key, {})
            said.pop(word.text, None)
            if chosen != REFUSE:
                said[word.text] = "" if chosen == LEAVE else chosen
        return replace(self.mapping, values={name: said for name, said in values.items() if said})


def _area_choices() -> list[tuple[str, str]]:
    nodes = [node for node in finding.nodes().values() if node.in_force]
    if len(nodes) > MOST_AREAS:
        nodes = [node for node in nodes if node.depth < 3][:MOST_AREAS]
    return [(node.code, f"{'– ' * min(node.depth, 4)}{node.name}") for node in nodes]
