"""Engines that generate the leader's completions: transformers, CTranslate2, a server with the OpenAI protocol."""
