// All of a chat, with the client that oapi-codegen makes.
package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"log"
	"net/http"
	"os"
	"strings"

	"example.com/parley-by-oapi-codegen/parley"
)

func main() {
	log.SetFlags(0)
	if err := run(context.Background()); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context) error {
	withKey := func(_ context.Context, request *http.Request) error {
		request.Header.Set("x-api-key", os.Getenv("PARLEY_KEY"))
		return nil
	}
	client, err := parley.NewClientWithResponses(os.Getenv("PARLEY_URL"), parley.WithRequestEditorFn(withKey))
	if err != nil {
		return err
	}

	user := "user_42"
	created, err := client.CreateChatWithResponse(ctx, nil, parley.CreateChatJSONRequestBody{
		AgentId:  os.Getenv("PARLEY_AGENT"),
		UserId:   &user,
		Metadata: &map[string]any{"from": "oapi-codegen"},
	})
	if err != nil {
		return err
	}
	if created.JSON200 == nil {
		return rejection(created.Status(), created.JSON401, created.JSON404)
	}
	chat := created.JSON200

	// One key for one message, however often it is sent.
	key := rand.Text()
	sent, err := client.CreateMessageWithResponse(ctx, chat.Id,
		&parley.CreateMessageParams{IdempotencyKey: &key},
		parley.CreateMessageJSONRequestBody{Content: "What can you do?", Role: "user"})
	if err != nil {
		return err
	}
	if sent.JSON200 == nil {
		return rejection(sent.Status(), sent.JSON404, sent.JSON429, sent.JSON502, sent.JSON503)
	}
	fmt.Printf("%s: %s\n", sent.JSON200.Status, sent.JSON200.Content)

	listed, err := client.ListMessagesWithResponse(ctx, chat.Id, nil)
	if err != nil {
		return err
	}
	if listed.JSON200 == nil {
		return rejection(listed.Status(), listed.JSON404)
	}
	var roles []string
	for _, message := range listed.JSON200.Messages {
		roles = append(roles, string(message.Role))
	}
	fmt.Println(strings.Join(roles, ", "))

	limit := 10
	chats, err := client.ListChatsWithResponse(ctx, &parley.ListChatsParams{UserId: &user, Limit: &limit})
	if err != nil {
		return err
	}
	if chats.JSON200 == nil {
		return rejection(chats.Status(), chats.JSON401)
	}
	isListed := false
	for _, one := range chats.JSON200.Chats {
		isListed = isListed || one.Id == chat.Id
	}
	fmt.Printf("listed: %t\n", isListed)

	whole, err := client.GetChatWithResponse(ctx, chat.Id, nil)
	if err != nil {
		return err
	}
	if whole.JSON200 == nil {
		return rejection(whole.Status(), whole.JSON404)
	}
	fmt.Printf("%s: %d messages\n", *whole.JSON200.Title, len(whole.JSON200.Messages))

	deleted, err := client.DeleteChatWithResponse(ctx, chat.Id)
	if err != nil {
		return err
	}
	if deleted.StatusCode() != http.StatusNoContent {
		return rejection(deleted.Status(), deleted.JSON404)
	}
	missing, err := client.GetChatWithResponse(ctx, chat.Id, nil)
	if err != nil {
		return err
	}
	fmt.Printf("deleted: %s\n", missing.JSON404.Code)
	return nil
}

// rejection describes the error that was returned, with its code.
func rejection(status string, apiErrors ...*parley.ApiError) error {
	for _, apiError := range apiErrors {
		if apiError != nil {
			return fmt.Errorf("%s (%s)", apiError.Message, apiError.Code)
		}
	}
	return fmt.Errorf("the server answered %s", status)
}
