"""Many frozen records at once, for what is measured."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

from django.utils import timezone

from trama.core import bulk, codes
from trama.monitoring import freezing
from trama.monitoring.models import FrozenRow, Wave

LISTS = ("aim", "target", "need", "instrument", "public_service")


def contents(count: int, areas: Sequence[int], seed: int = 2026) -> list[dict[str, Any]]:
    """Contents as experiences freeze them, of which each states what real ones do."""
    dice = random.Random(seed)
    values = {name: [code.id for code in codes.codes_of(name)] for name in (*LISTS, "service_role", "experience_kind")}
    kinds = [code.id for code in codes.codes_of("organisation_kind") if code.broader_id]

    def body() -> list[Any]:
        number = dice.randrange(count // 2)
        return [number, "tie_role:partner", kinds[number % len(kinds)], number % 3 == 0, False]

    return [
        {
            "name": f"Esperienza {n}",
            "kind": dice.choice(values["experience_kind"]),
            "summary": "In poche parole. " * 6,
            "city_wide": n % 25 == 0,
            "sensitive": False,
            "starts_on": "2024-02-01",
            "ends_on": "2024-06-30" if n % 4 == 0 else None,
            "service_role": dice.choice([*values["service_role"], None]),
            "volunteers": [dice.choice([1, 2, 3, 5, 8, 20]), "exact"] if n % 5 else [None, "unknown"],
            "beneficiaries": [dice.randrange(1, 300), dice.choice(["exact", "estimated"])],
            "outputs": "Un risultato." if n % 3 else "",
            "critical_points": "",
            "area": areas[n % len(areas)],
            "areas": [areas[n % len(areas)]],
            "codes": {name: dice.sample(values[name], dice.randrange(3)) for name in LISTS},
            "organisations": [body() for _body in range(dice.randrange(4))],
            "money": [["Fondo di comunità", 2024, "1200"]] if n % 6 == 0 else [],
        }
        for n in range(count)
    ]


def make_frozen_wave(wave: Wave, found: Sequence[dict[str, Any]]) -> Wave:
    """Close an unopened wave with these contents, without the sheets and the acts that go with it."""
    rows = [
        FrozenRow(
            wave=wave,
            record=n,
            area_id=one["area"],
            answer="confirmed",
            content=one,
            digest=freezing.row_digest(n, "confirmed", one, {}),
        )
        for n, one in enumerate(found, start=1)
    ]
    bulk.insert(rows)
    wave.state, wave.closed_at, wave.fingerprint = "closed", timezone.now(), f"{wave.pk:064d}"
    wave.definitions = freezing.definitions_of(wave, found)
    wave.save()
    return wave
