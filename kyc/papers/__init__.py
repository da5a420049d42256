"""The papers an identity rests on."""
