"""This file is wrong on purpose: mypy has to reject it."""

from parley_client.models import CreateChatBody

CreateChatBody(agentId="agent_1")
