"""The main job: `run.py` tells the story; the other modules are its parts."""
