"""The service: screening and rewriting over HTTP, for platforms that show suggestions to their users.

    sro serve                                # http://127.0.0.1:8000, no keys, this machine only

`settings` what can be set · `app` the application · `gate` keys, limits, log · `api` and `compatible` the endpoints ·
`batching` a thread per model and its queue · `perspective`, `moderations` the shapes of others · `feedback` the file.
"""
