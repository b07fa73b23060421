/** The whole product, loaded only by the verbs that run it: the others answer a second earlier. */
export const importApp = () => import('../app.ts');
