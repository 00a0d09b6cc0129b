"""Loading of sound clips: where they come from, what is computed of them, and the SPDL pipeline that does both."""
