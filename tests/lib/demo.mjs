// What the tests know of the made-up region.
export const DEMO_PASSWORD = 'demo-password';
