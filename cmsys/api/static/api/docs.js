// Starts Swagger UI on the page of the API; a file of its own, because scripts in pages are not allowed here.
const place = document.getElementById("api-docs");
window.SwaggerUIBundle({ url: place.dataset.schema, domNode: place, deepLinking: true, validatorUrl: null });
