/** Unix time in milliseconds. Passed in, so that specs own time. */
export type Now = () => number;
