"""A payday on one machine: real servers and processes, real HTTP, nothing that only pretends.

Everything runs on one frozen business moment, noon of the day on which the demo starts, so that it can be shown
at any hour. Database and bank journal are made anew each time; the logs stay in the data folder.
"""
