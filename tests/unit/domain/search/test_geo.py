"""Distances and boxes on the globe."""

import doctest
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grid_assets.domain.search import geo
from grid_assets.domain.search.geo import box_around, distance_km, longitude_spans
from grid_assets.domain.search.request import Box, Near

LATITUDES, LONGITUDES = st.floats(-90, 90), st.floats(-180, 180)
PLACES = st.tuples(LATITUDES, LONGITUDES)


def test_distance__examples_of_its_docstring() -> None:
    assert doctest.testmod(geo).failed == 0


def test_distance__half_and_quarter_of_the_globe() -> None:
    assert distance_km((0, 0), (0, 180)) == pytest.approx(math.pi * geo.EARTH_KM)
    assert distance_km((90, 0), (0, 77)) == pytest.approx(math.pi * geo.EARTH_KM / 2)
    assert distance_km((0, 179.5), (0, -179.5)) == pytest.approx(math.pi * geo.EARTH_KM / 180)


@given(PLACES, PLACES)
def test_distance__is_the_same_both_ways_and_never_more_than_half_round(
    here: tuple[float, float], there: tuple[float, float]
) -> None:
    assert distance_km(here, there) == pytest.approx(distance_km(there, here), abs=1e-9)
    assert 0 <= distance_km(here, there) <= math.pi * geo.EARTH_KM


@given(PLACES, st.floats(0, 20_100), st.lists(PLACES, min_size=1))
def test_box_around__holds_every_place_of_the_circle(
    centre: tuple[float, float], km: float, places: list[tuple[float, float]]
) -> None:
    box = box_around(Near(*centre, km))
    spans = longitude_spans(box)
    for place in places:
        if distance_km(centre, place) <= km:
            assert box.south <= place[0] <= box.north
            assert any(west <= place[1] <= east for west, east in spans)


def test_longitude_spans__across_180_degrees_and_at_its_two_names() -> None:
    assert list(longitude_spans(Box(0, 170, 1, -170))) == [(170, 180), (-180, -170)]
    assert list(longitude_spans(Box(0, 170, 1, 180))) == [(170, 180), (-180, -180)]
    assert list(longitude_spans(Box(0, -180, 1, -170))) == [(-180, -170), (180, 180)]
    assert list(longitude_spans(Box(0, -180, 1, 180))) == [(-180, 180)]
