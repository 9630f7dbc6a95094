"""A leader behind the OpenAI *chat completions* protocol: any chat model, known by its texts alone."""
