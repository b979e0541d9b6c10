// Starts Swagger UI on the OpenAPI document that lies beside this script.
window.ui = SwaggerUIBundle({
  url: new URL("openapi.json", document.currentScript.src).href,
  dom_id: "#docs",
  deepLinking: true,
  validatorUrl: null, // the default asks a foreign host
  displayRequestDuration: true,
  defaultModelsExpandDepth: 0,
});
