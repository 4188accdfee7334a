/** The chats that were open when they were deleted. An undo opens them again. */
export const leftChats = new Set<string>();
