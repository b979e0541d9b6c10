"""Tests of soulspot_arr.rules.fitting."""
