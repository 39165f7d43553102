"""Places on the globe: distances along the great circle, boxes, and the box around a circle. Degrees are WGS 84."""

import math
from collections.abc import Sequence

from grid_assets.domain.search.request import Box, Near

EARTH_KM = 6371.0088
"""Mean radius of the earth."""
HALF_TURN = 180.0
QUARTER_TURN = 90.0
_SLACK = 1e-9
"""Share by which the box around a circle is larger, so that rounding leaves nothing out."""


def distance_km(here: tuple[float, float], there: tuple[float, float]) -> float:
    """Return the kilometres along the great circle between two (latitude, longitude), by the haversine formula.

    >>> round(distance_km((52.5200, 13.4050), (48.1372, 11.5755)))
    504
    """
    (lat_a, lon_a), (lat_b, lon_b) = here, there
    north = math.radians(lat_b - lat_a) / 2
    east = math.radians(lon_b - lon_a) / 2
    chord = math.sin(north) ** 2 + math.cos(math.radians(lat_a)) * math.cos(math.radians(lat_b)) * math.sin(east) ** 2
    return 2 * EARTH_KM * math.asin(math.sqrt(min(chord, 1.0)))


def box_around(near: Near) -> Box:
    """Return a box that holds every place of the circle; all longitudes where the circle holds a pole."""
    turn = near.kilometres / EARTH_KM * (1 + _SLACK) + _SLACK
    south, north = near.latitude - math.degrees(turn), near.latitude + math.degrees(turn)
    if south <= -QUARTER_TURN or north >= QUARTER_TURN:
        return Box(max(south, -QUARTER_TURN), -HALF_TURN, min(north, QUARTER_TURN), HALF_TURN)
    wide = math.degrees(math.asin(min(math.sin(turn) / math.cos(math.radians(near.latitude)), 1.0))) * (1 + _SLACK)
    return Box(south, _turned(near.longitude - wide), north, _turned(near.longitude + wide))


def longitude_spans(box: Box) -> Sequence[tuple[float, float]]:
    """Return the ranges of longitude of a box: two across 180 degrees; the meridian at 180 is also the one at -180."""
    if box.west > box.east:
        return ((box.west, HALF_TURN), (-HALF_TURN, box.east))
    spans = [(box.west, box.east)]
    if box.east == HALF_TURN and box.west > -HALF_TURN:
        spans.append((-HALF_TURN, -HALF_TURN))
    if box.west == -HALF_TURN and box.east < HALF_TURN:
        spans.append((HALF_TURN, HALF_TURN))
    return tuple(spans)


def _turned(longitude: float) -> float:
    """Return the same meridian between -180 and 180 degrees."""
    if longitude > HALF_TURN:
        return longitude - 2 * HALF_TURN
    return longitude + 2 * HALF_TURN if longitude < -HALF_TURN else longitude
