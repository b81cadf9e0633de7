/** Every tool: one row each. */
import { cloneTool } from './clone.ts'
import { eyedropperTool } from './eyedropper.ts'
import { frameTool } from './frame.ts'
import { handTool } from './hand.ts'
import { lassoTool } from './lasso.ts'
import { maskBrushTool, maskEraserTool } from './maskBrush.ts'
import { moveTool } from './move.ts'
import { paintEraserTool, paintTool } from './paint.ts'
import { polygonTool } from './polygon.ts'
import { ellipseTool, gradientTool, marqueeTool, rectangleTool } from './shapeTools.ts'
import { smartSelectTool } from './smartSelect.ts'
import type { ToolDefinition, ToolId } from './toolTypes.ts'
import { wandTool } from './wand.ts'
import { wordPaintTool } from './wordPaint.ts'
import { zoomTool } from './zoom.ts'

/** Tools by their names. */
export const TOOLS: Readonly<Record<ToolId, ToolDefinition>> = {
  hand: handTool,
  zoom: zoomTool,
  move: moveTool,
  'mask-brush': maskBrushTool,
  'mask-eraser': maskEraserTool,
  lasso: lassoTool,
  polygon: polygonTool,
  rectangle: rectangleTool,
  ellipse: ellipseTool,
  wand: wandTool,
  'smart-select': smartSelectTool,
  'gradient-mask': gradientTool,
  marquee: marqueeTool,
  frame: frameTool,
  eyedropper: eyedropperTool,
  paint: paintTool,
  'paint-eraser': paintEraserTool,
  clone: cloneTool,
  'word-paint': wordPaintTool,
}
