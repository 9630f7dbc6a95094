"""A leader behind the OpenAI *chat completions* protocol: any chat model; only its texts are known."""
