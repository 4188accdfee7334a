"""All of a chat, with the client that openapi-python-client makes."""

import os
from typing import TypeVar
from uuid import uuid4

from parley_client import AuthenticatedClient
from parley_client.api.chats import create_chat, delete_chat, get_chat, list_chats
from parley_client.api.messages import create_message, list_messages
from parley_client.models import (
    Answer,
    Chat,
    ChatList,
    ChatWithMessages,
    CreateChatBody,
    CreateChatBodyMetadata,
    CreateMessageBody,
    MessageList,
    ApiError,
)

T = TypeVar("T")


def answered(outcome: T | ApiError | None) -> T:
    """The answer of a call; an error is raised with its code."""
    if isinstance(outcome, ApiError):
        raise RuntimeError(f"{outcome.message} ({outcome.code})")
    if outcome is None:
        raise RuntimeError("The server answered something that it does not document.")
    return outcome


def main() -> None:
    parley = AuthenticatedClient(
        base_url=os.environ.get("PARLEY_URL", "http://127.0.0.1:3000"),
        token=os.environ["PARLEY_KEY"],
    )
    metadata = CreateChatBodyMetadata.from_dict({"from": "openapi-python-client"})
    new_chat = CreateChatBody(agent_id=os.environ["PARLEY_AGENT"], user_id="user_42", metadata=metadata)
    chat: Chat = answered(create_chat.sync(client=parley, body=new_chat))

    message = CreateMessageBody(content="What can you do?", role="user")
    answer: Answer = answered(
        create_message.sync(chat.id, client=parley, body=message, idempotency_key=str(uuid4()))
    )
    print(f"{answer.status}: {answer.content}")

    listed: MessageList = answered(list_messages.sync(chat.id, client=parley))
    print(", ".join(message.role for message in listed.messages))

    chats: ChatList = answered(list_chats.sync(client=parley, user_id="user_42", limit=10))
    print(f"listed: {any(one.id == chat.id for one in chats.chats)}".lower())

    whole: ChatWithMessages = answered(get_chat.sync(chat.id, client=parley))
    print(f"{whole.title}: {len(whole.messages)} messages")

    deleted = delete_chat.sync_detailed(chat.id, client=parley)
    assert deleted.status_code == 204, deleted
    after_delete = get_chat.sync(chat.id, client=parley)
    assert isinstance(after_delete, ApiError)
    print(f"deleted: {after_delete.code}")


main()
