// The platform's own script on the example page: it posts, and knows nothing of the widget but its key.
const by = (id) => document.getElementById(id);

by("form").addEventListener("submit", (event) => {
  event.preventDefault();
  const posted = document.createElement("li");
  posted.className = "text";
  posted.textContent = by("comment").value;
  by("posted").append(posted);
  by("nothing").hidden = true;
  by("form").reset();
  by("comment").focus();
});

by("example").addEventListener("click", () => {
  by("comment").value = "What a stupid idea. Did you even read the article?";
  by("comment").focus(); // the widget looks again when the box gets the focus
});

by("key").addEventListener("change", ({ target }) => document.querySelector("sro-widget").setAttribute("key", target.value));
