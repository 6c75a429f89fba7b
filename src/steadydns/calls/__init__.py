"""What each public function means: whose call it is, what its arguments ask for, and what it returns or raises.

Imports contract, telemetry, transport, resolution, system and config. Never imports a hook.
"""
