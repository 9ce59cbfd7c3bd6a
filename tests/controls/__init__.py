"""Negative controls: with one guard taken away the same assertions must go red.

Each test runs twice, with the guard and without it, in the mode and with the neighbouring guards off where this one
alone decides. A control that stays green without its guard says that the suite would not notice its loss.
"""
