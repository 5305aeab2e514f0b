package dialect

// Names of fields that mean the same in every dialect. A table gives them to its
// rules ([Rule].Name), and a gateway knows by them what may be put together, what
// is a turn of a conversation, and where masked values may come back. They are
// OpenAI's paths, as records have them.
const (
	// FieldContent is the text that a message or an answer says.
	FieldContent = "delta.content"
	// FieldRefusal is the text by which a model refuses.
	FieldRefusal = "delta.refusal"
	// FieldTool is the name of a tool that the model calls; FieldArguments are
	// the arguments: a text that holds JSON, or JSON itself. Both are members of one
	// object where the arguments come whole; where they go on they have the same
	// choice and tool in their [Key].
	FieldTool      = "delta.tool_calls.function.name"
	FieldArguments = "delta.tool_calls.function.arguments"
	// FieldInstructions is operator text that stands outside of the messages.
	FieldInstructions = "instructions"
	// FieldID and FieldModel are the answer's own id and model, which are said
	// again where Warder ends a stream. In a request FieldModel is the model's name
	// where it does not stand at the top.
	FieldID    = "id"
	FieldModel = "model"
)
