"""Lookups as OpenTelemetry sees them: spans of slow ones, the duration of all that were asked of a server.

Imports opentelemetry-api, and only where the application has done so already. Never holds a lock, never raises.
"""
