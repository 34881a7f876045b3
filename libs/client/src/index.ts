export { createClient, type Client, type ClientOptions, type ListFilter, type NewSchedule, type PageOptions, type ToolUpload } from './client.js';
export { ClientError } from './client-error.js';
export { type StreamItem, type StreamOptions } from './stream-workflow.js';
