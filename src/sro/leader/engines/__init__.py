"""Engines that generate the leader's rewrites: transformers, CTranslate2, a server that speaks the OpenAI protocol."""
