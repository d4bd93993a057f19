"""Who the simulated users are: one file a person, written in two versions, in a folder for each area of harm."""

from seatrial.personas.load import Area, Persona, find_areas, find_personas, load_area
from seatrial.personas.script import ACTS, SIDES, Act, Script, State, Version

__all__ = [
    "ACTS",
    "SIDES",
    "Act",
    "Area",
    "Persona",
    "Script",
    "State",
    "Version",
    "find_areas",
    "find_personas",
    "load_area",
]
