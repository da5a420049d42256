"""Bundles asked for, agreed to by a second person where they hold images of people, and read (EVD-13)."""
