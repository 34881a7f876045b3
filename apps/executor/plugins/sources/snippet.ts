/** The words of a snippet, in which search engines mark what was found as HTML. */
export const plain = (html: string): string => html.replace(/<[^>]*>/g, '').replaceAll('&quot;', '"').replaceAll(/&#(?:0?39|x27);/g, "'").replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
