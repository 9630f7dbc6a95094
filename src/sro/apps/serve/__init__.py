"""The service: screening and rewriting over HTTP, for platforms that show suggestions to their users.

    sro serve                                # http://127.0.0.1:8000, no keys, this machine only

`settings` what can be set · `app` the application · `middleware` keys, limits, log · `api`, `compat` the endpoints ·
`batch_queue` a thread per model and its queue · `perspective`, `moderations` the formats of those APIs · `feedback`,
`store` what people did with suggestions.
"""
