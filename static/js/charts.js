// Charts: drawn when they come into view, from the JSON beside them. The drawing library is fetched only then.

const words = document.getElementById("words").dataset;
const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
const libraries = new Map();

function library(address) {
  if (!libraries.has(address)) {
    libraries.set(
      address,
      new Promise((resolve, reject) => {
        const script = document.createElement("script");
        script.src = address;
        script.onload = () => resolve(window.echarts);
        script.onerror = reject;
        document.head.append(script);
      }),
    );
  }
  return libraries.get(address);
}

function figure(value, unit) {
  if (value === null || value === undefined || value === "-") return "—";
  const number = Number(value);
  const text = Number.isFinite(number) ? number.toLocaleString("zh-CN", { maximumFractionDigits: 4 }) : String(value);
  return unit ? `${text} ${unit}` : text;
}

async function draw(holder) {
  const canvas = holder.querySelector(".chart-canvas");
  const { option, unit, kind } = JSON.parse(holder.querySelector("script[type='application/json']").textContent);
  const echarts = await library(holder.dataset.lib);
  option.animation = !calm;
  option.animationDuration = 350;
  option.textStyle = { ...option.textStyle, fontFamily: getComputedStyle(document.body).fontFamily };
  if (kind === "scatter") {
    option.tooltip.formatter = (point) => `${point.name}\n${option.xAxis.name} ${point.value[0]}\n${option.yAxis.name} ${point.value[1]}`;
  } else {
    option.tooltip.valueFormatter = (value) => figure(value, unit);
  }
  const chart = echarts.init(canvas, null, { renderer: "canvas" });
  chart.setOption(option);
  canvas.dataset.drawn = "";
  new ResizeObserver(() => chart.resize()).observe(canvas);
  const png = holder.querySelector("[data-chart-png]");
  png.hidden = false;
  png.addEventListener("click", () => {
    const link = document.createElement("a");
    link.href = chart.getDataURL({ type: "png", pixelRatio: 2, backgroundColor: "#fff" });
    link.download = `${holder.querySelector("figcaption :is(h2, h3)").textContent}.png`;
    link.click();
  });
}

function fail(holder) {
  const canvas = holder.querySelector(".chart-canvas");
  canvas.hidden = true;
  holder.querySelector(".twin").open = true;
  holder.querySelector(".chart-note").textContent += ` ${words.chartFailed}`;
}

const seen = new IntersectionObserver(
  (entries) => {
    for (const entry of entries) {
      if (!entry.isIntersecting) continue;
      seen.unobserve(entry.target);
      draw(entry.target).catch(() => fail(entry.target));
    }
  },
  { rootMargin: "200px" },
);

function start(root) {
  root.querySelectorAll("[data-chart]").forEach((holder) => {
    if (holder.querySelector(".chart-canvas:not([data-drawn])")) seen.observe(holder);
  });
}
start(document);
document.addEventListener("htmx:afterSettle", (event) => start(event.target));
// On paper every chart must be there.
window.addEventListener("beforeprint", () => document.querySelectorAll("[data-chart]").forEach((holder) => {
  if (holder.querySelector(".chart-canvas:not([data-drawn])")) draw(holder).catch(() => fail(holder));
}));
