const {
  MONGODB_URI,
  OPENAI_BASE_URL,
  OPENAI_API_KEY = '',
  OPENAI_MODEL = 'gpt-5-mini',
  PORT = '4000',
} = process.env;

/** The environment of this server. */
export const env = {
  mongodbUri: MONGODB_URI ?? 'mongodb://127.0.0.1:27017/parley',
  model: { baseUrl: OPENAI_BASE_URL, apiKey: OPENAI_API_KEY, model: OPENAI_MODEL },
  port: Number(PORT),
};
