export { createClient, type Client, type ClientOptions, type DeadLetter, type ListFilter, type PageOptions, type Queue } from './client.js';
export { ClientError } from './client-error.js';
export { type StreamItem, type StreamOptions } from './stream-workflow.js';
