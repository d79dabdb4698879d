"""Texts to continue and chats to answer."""
